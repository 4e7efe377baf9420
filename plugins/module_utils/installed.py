"""The program as it is on a host: its versions, and the command, a link to one of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils.program import hash_of, read_tree

DIRECTORY = "/usr/local/lib/xmlprom"
LINK = "/usr/local/bin/xmlprom"
PYTHON = "/usr/bin/python3"


def files_of(directory: str) -> Iterator[str]:
    for folder, folders, names in os.walk(directory):
        yield from (os.path.join(folder, name) for name in [*folders, *names])


def may_be_read(path: str) -> bool:
    return os.stat(path).st_mode & 0o444 == 0o444


class Installed:
    """The versions below a directory, and the link to one of them."""

    def __init__(self, module: AnsibleModule, directory: str, link: str, python: str) -> None:
        self.module = module
        self.directory, self.link, self.python = os.path.realpath(directory), link, python

    def version(self) -> str:
        """The directory of the version that the link leads to; empty when it leads to none of ours."""
        version = os.path.dirname(os.path.dirname(os.path.realpath(self.link)))
        ours = os.path.islink(self.link) and os.path.dirname(version) == self.directory
        return version if ours and os.path.isdir(version) else ""

    def identity(self) -> str:
        """The hash of the version that is there; empty when there is none that everybody can run."""
        version = self.version()
        usable = version and os.stat(self.link).st_mode & 0o555 == 0o555 and all(map(may_be_read, files_of(version)))
        return hash_of(read_tree(version)) if usable else ""

    def is_compiled(self) -> bool:
        """Whether there is bytecode for the Python that the host has now."""
        _, tag, _ = self.module.run_command(
            [self.python, "-I", "-S", "-c", "import sys; print(sys.implementation.cache_tag)"], check_rc=True
        )
        package = os.path.join(self.version(), "xmlprom")
        return all(
            os.path.exists(os.path.join(folder, "__pycache__", f"{name[:-3]}.{tag.strip()}.pyc"))
            for folder, _, names in os.walk(package)
            for name in names
            if name.endswith(".py")
        )

    def compile(self, version: str) -> None:
        """Write bytecode; without it a run takes longer and does the same."""
        self.module.run_command([self.python, "-I", "-m", "compileall", "-q", os.path.join(version, "xmlprom")])

    def free_directory(self, identity: str) -> str:
        """A path of no version yet; a directory of that name may hold an edited or an unfinished one."""
        path, count = os.path.join(self.directory, identity), 0
        while os.path.lexists(path):
            count += 1
            path = os.path.join(self.directory, f"{identity}.{count}")
        return path

    def switch(self, version: str) -> None:
        """Lead the link to the version, at once."""
        os.makedirs(os.path.dirname(self.link), exist_ok=True)
        temporary = f"{self.link}.new"
        if os.path.lexists(temporary):
            os.unlink(temporary)
        os.symlink(os.path.join(version, "bin", "xmlprom"), temporary)
        os.replace(temporary, self.link)

    def remove_all_but(self, kept: set[str]) -> None:
        for name in os.listdir(self.directory):
            path = os.path.join(self.directory, name)
            if path not in kept:
                shutil.rmtree(path)
