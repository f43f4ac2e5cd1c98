"""The kernel's types in GDB: `source` this, or start GDB by `toro debug`."""

import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import libcxx_gdb  # noqa: E402,F401
import toro_types  # noqa: E402


class Value:
    """A gdb.Value, as toro_types wants it."""

    def __init__(self, value):
        self.value = value

    def member(self, path):
        value = self.value
        for name in path.split("."):
            if value.type.strip_typedefs().code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF):
                value = value.dereference() if value.type.code == gdb.TYPE_CODE_PTR else value.referenced_value()
            value = value[name]
        return value

    def number(self, path):
        value = self.member(path)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:  # std::atomic
            value = value["__a_"]["__a_value"]
        return int(value)

    def address(self, path):
        return int(self.member(path).cast(gdb.lookup_type("unsigned long")))

    def text(self, path):
        value = self.member(path)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and int(value) == 0:
            return ""
        return value.string(errors="replace")

    def word(self, path):
        return str(self.member(path)).rpartition("::")[2]


class Printer:
    def __init__(self, value, summary):
        self.value = value
        self.summary = summary

    def to_string(self):
        try:
            return self.summary(Value(self.value))
        except gdb.error as error:  # memory that is not there, a type that has changed
            return f"({error})"

    def children(self):
        for field in self.value.type.fields():
            if hasattr(field, "bitpos"):  # a static member has none
                yield field.name, self.value[field]


def look_up(value):
    kind = value.type.strip_typedefs().unqualified()
    summary = toro_types.SUMMARIES.get(kind.name) if kind.name else None
    return Printer(value, summary) if summary else None


look_up.__name__ = "toro"
gdb.pretty_printers.append(look_up)


class Text:
    """The kernel's text, which changes only by the debugger itself while the guest stands: GDB is to read it once at a
    stop, a kilobyte at a time, instead of byte by byte. Nothing else is kept: devices write to memory at any time."""

    def __init__(self):
        self.connection = None

    def on_stop(self, _event):
        connection = gdb.selected_inferior().connection
        if connection is self.connection:
            return
        self.connection = connection
        try:
            begin, end = (int(gdb.parse_and_eval(f"&{name}")) for name in ("toro_image_start", "toro_text_end"))
        except gdb.error:  # no kernel of ours
            return
        gdb.execute("set dcache line-size 1024")
        gdb.execute("set mem inaccessible-by-default off")
        gdb.execute("with confirm off -- delete mem")  # of a connection before this one
        gdb.execute(f"mem {begin:#x} {end:#x} rw cache")


gdb.events.stop.connect(Text().on_stop)
