"""Words in names of elements and attributes, and what they say of the texts there."""

from __future__ import annotations

from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES = _words("name label title")
IDS = _words("id uuid guid")
UNITS = _words("unit units uom")
# Elements of such names say what is in their text, and by an attribute what it is called.
TYPES = _words("int integer long short byte float double real decimal number str string bool boolean date char arr")
# What distinguishes things of one kind, beside names.
PLACES = _words(
    "address addr ip mac host hostname node interface iface ifname device dev port mount mountpoint path file disk"
    " drive volume slot bay index number nr no key serial sensor location peer neighbor neighbour vlan as asn zone"
    " instance domain database table queue topic channel pool cpu core window percentile quantile"
    " range user family proto protocol stage position"
)
IDENTIFIERS = _words("guid handle hash id index key nr no number pid serial uid gid uuid revision")
NO_IDENTIFIERS = _words("fluid grid humid invalid liquid paid rapid solid valid void")
NO_QUANTITIES = _words("code port version kernel errno release build mode bus slot function domain year")
CATEGORIES = _words(
    "action threat risk category class classname kind level operation outcome priority currency severity stage type"
    " family direction protocol proto reason location zone service medium bus"
)
STATES = _words(
    "state status health result outcome phase condition smart online active enabled up alive running availability"
    " connected present failed suspect locked degraded unclean standby maintenance success"
)
CONDITIONS = _words("state status health result outcome phase condition role")  # of which there are several words
SEVERITIES = _words("severity threat risk priority")  # events are counted by these
EVENTS = _words(
    "event entry record message log testcase case test line request transaction session trace"
    " error failure warning exception alert result finding vulnerability issue change commit property"
    " properties option setting script"
)
ENTRIES = _words("entry property option setting record")  # which may also hold a name and its value
# Events of which there may be none, one or many.
FAULTS = _words("error failure warning exception event alert alarm fault message flaky rerun incident violation")
TIMES = _words(
    "created added at reported date end expires finished last modified now seen since stamp start started time times"
    " timestamp updated when collected sec"
)
LENGTHS = _words(
    "bytes count cpu downtime duration elapsed free lifetime max processing runtime size total up uptime used"
)
# Added up, these mean something.
AMOUNTS = _words(
    "count counts total bytes requests errors hits reads writes packets tests failures skipped passed failed size used"
    " number received sent written read bytes seconds time duration rows errors dropped drops calls messages jobs"
    " events queries lines valid covered missed complexity amount cost sum value quantity"
)
# Names of what is measured: things of such names are not of one kind.
QUANTITIES = _words(
    "bytes packets packages errors requests octets reads writes time seconds size drops connections sessions"
)
LEVELS = _words(
    "average avg celsius max mean min peak percent ratio temperature temp rate latency limit threshold load speed"
    " utilization util voltage current power usage frequency fps humidity level percentile depth age version"
)
# Numbers of such names may only rise, unless a word of STOCKS or LEVELS says that they are what is there at the moment.
COUNTED = _words(
    "bytes octets packets pkts frames errors errs err drops dropped discards discarded collisions requests hits misses"
    " queries messages msgs datagrams segments overruns count counter counts total rejected rejects accepted reads"
    " writes calls lookups commits rollbacks retries timeouts evictions faults restarts events failures sent received"
    " opens closes completed processed handled served kbytes"
)
FLOWS = _words(
    "bytes octets packets pkts frames errors errs err drops dropped discards discarded requests queries messages msgs"
    " datagrams segments"
)
DIRECTIONS = _words(
    "rx tx in out input output sent received transmitted transmit receive recv rcvd inbound outbound incoming outgoing"
    " ingress egress"
)
STOCKS = _words(
    "active allocated available avail average buffer buffered busy cache cached capacity committed connected"
    " connections current depth disk flight free heap idle inflight last length live loaded mem memory mtu now open"
    " outstanding per pending pool processes progress queue queued quota ready recent remaining reserved"
    " running sec second session sessions size slots swap threads use used users waiting window workers"
)
# Of several numbers beside a unit, those of such names have it.
MEASURED = _words(
    "value val reading current act actual amount min max avg average mean warn crit warning critical limit lower upper"
    " low high last size threshold total free used"
)
MOMENTS = _words("active buffers cached current heap last mem memory now per progress queued usage")  # of a group
WANTED = _words(
    "count total errors error used free available size bytes temperature temp celsius speed rate latency load power"
    " usage utilization util memory mem hits requests uptime up reads writes read written sent received busy failed"
    " failures tests time duration elapsed fail draw health threads queue connections sessions clients lag"
    " covered valid voltage current fan rpm seconds state status online packets state clock clocks"
    " capacity reading critical last reruns rerun"
)
DULL = _words(
    "default supported requested pending enforced accounting buffer poll delay mode encoder decoder"
    " configured version xml schema format display persistence board driver module applications compute"
    " fw firmware rom technology caution link gen width boost expected"
    " ttl conf to level verbose usec references quantum"
    " instance attached minor retired blacklist feature quota policy"
)


def tokens(words: Iterable[str]) -> frozenset[str]:
    """The single words of names in snake case."""
    return frozenset(token for word in words for token in word.split("_"))


def head(words: Iterable[str]) -> frozenset[str]:
    """The last word of all, which says what a thing is: `event` of `clock_event`."""
    last = "_".join(words).rpartition("_")[2]
    return frozenset((last, last[:-1] if last.endswith("s") else last))


def identifies(words: Iterable[str]) -> bool:
    """Whether a name says that its texts are identifiers: id, or userid."""
    found = tokens(words) - NO_IDENTIFIERS
    return bool(found & IDENTIFIERS) or any(token.endswith(("id", "version")) and len(token) > 3 for token in found)
