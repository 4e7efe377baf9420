"""Predicates of a path: what is in square brackets behind an element."""

from __future__ import annotations

from xmlprom.mapping.path_scanner import NUMBER, Scanner, position_of
from xmlprom.mapping.paths import Key, Path, PathError, Predicate, Step

_LAST = "the last one is not known while the file streams by: [1], a predicate, or rows of b with aggregate: last"
_PREDICATES = "a predicate is [@name], [@name='text'], [@name!='text'], [1], [child='text'] or [.='text']"


class PredicateParser(Scanner):
    """What is in square brackets."""

    def predicates(self, step: Step) -> Step:
        """The step with the predicates that follow it."""
        while self.sees("["):
            start = self.at
            self.at += 1
            self.blanks()
            if step.key:
                raise PathError("nothing can follow a predicate of a child's text: (b[c='t'])[1] is the first", start)
            found = self._predicate(start)
            self.blanks()
            self._close(start)
            if isinstance(found, Key):
                step = step._replace(key=found)
            else:
                step = step._replace(predicates=(*step.predicates, found))
        return step

    def _close(self, start: int) -> None:
        if self.take("]"):
            return
        if self.sees("and ") or self.sees("or "):
            raise PathError("write [@a][@b] for 'and'; for 'or' a union with '|', or where with a list", start)
        raise PathError(_PREDICATES, start)

    def _predicate(self, start: int) -> Predicate | Key | int:
        if self.sees("last()"):
            raise PathError(_LAST, start)
        if self.sees("position()"):
            raise PathError("'position()' is not supported: [1], or rows of their own", start)
        number = self.match(NUMBER)
        if number:
            return position_of(number[0], start)
        if self.sees("@"):
            attribute = self.attribute()
            operator = self._operator()
            if not operator:
                return Predicate(attribute[1:])
            if self.sees("current()"):
                return self._key(start, operator, Key(attribute))
            return Predicate(attribute[1:], self._text(start), operator == "!=")
        if self.take("."):
            return self._key(start, self._operator(), Key("."))
        child = self.name_test()
        if not child:
            from xmlprom.mapping.path_advice import of_predicate  # noqa: PLC0415 - only a faulty mapping pays for it

            raise PathError(of_predicate(self.text[self.at :]) or _PREDICATES, start)
        return self._key(start, self._operator(), Key("child", child))

    def _operator(self) -> str:
        self.blanks()
        operator = "!=" if self.take("!=") else "=" if self.take("=") else ""
        self.blanks()
        return operator

    def _text(self, start: int) -> str:
        text = self.literal()
        if text is None:
            raise PathError(f"{_PREDICATES}, with the text in quotes", start)
        return text

    def _key(self, start: int, operator: str, key: Key) -> Key:
        if operator == "!=":
            raise PathError("only '=' is supported here: exclude rows with where: {not: …}", start)
        if not operator and (self.sees("<") or self.sees(">")):
            raise PathError("numbers are compared in where: {b: {greater: 5}}, or less", start)
        if not operator:
            raise PathError(f"{_PREDICATES}; that a child is there, ask with where: {{b: {{present: true}}}}", start)
        if not self.take("current()"):
            return key._replace(text=self._text(start))
        if not self.take("/"):
            raise PathError("current() is the row: write current()/@name, or current()/. for its text", start)
        return key._replace(current=self._reference())

    def _reference(self) -> Path:
        """What of the row has to be equal."""
        start = self.at
        steps: list[Step] = []
        leaf = "element"
        if not self.take("."):
            while True:
                if self.sees("@"):
                    leaf = self.attribute()
                    break
                step = self.name_test()
                if not step:
                    raise PathError("behind current()/ is expected: @name, b, b/c, b/@name or .", start)
                steps.append(step)
                if not self.take("/"):
                    break
        return Path(self.text[start : self.at], False, 0, tuple(steps), leaf)
