"""The most used types of libc++ in GDB, for Debian's package has no printers. LLDB brings its own."""

import re

import gdb


MOST = 4096  # of a text that may be damaged


def characters(data, size):
    return data.string(errors="replace", length=min(int(size), MOST))


class String:
    """A short string lies within, its length in the second to eighth bit of the first byte."""

    def __init__(self, value):
        self.rep = value["__rep_"]

    def to_string(self):
        short, long = self.rep["__s"], self.rep["__l"]
        if int(short["__is_long_"]):
            return characters(long["__data_"], long["__size_"])
        return characters(short["__data_"], short["__size_"])

    def display_hint(self):
        return "string"


class StringView:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return characters(self.value["__data_"], self.value["__size_"])

    def display_hint(self):
        return "string"


class Sequence:
    """Elements from a pointer on."""

    def __init__(self, name, first, count):
        self.name, self.first, self.count = name, first, count

    def to_string(self):
        return f"{self.name} of {self.count}"

    def children(self):
        for i in range(self.count):
            yield f"[{i}]", (self.first + i).dereference()

    def display_hint(self):
        return "array"


def vector(value):
    return Sequence("std::vector", value["__begin_"], int(value["__end_"] - value["__begin_"]))


def span(value):
    return Sequence("std::span", value["__data_"], int(value["__size_"]))


class Pointer:
    def __init__(self, value):
        self.target = value["__ptr_"]

    def to_string(self):
        return f"std::unique_ptr to {int(self.target):#x}"

    def children(self):
        if int(self.target):
            yield "*", self.target.dereference()


class Tree:
    """std::map and std::set by their length; elements are behind nodes whose type GDB is not told."""

    def __init__(self, value):
        self.name = value.type.strip_typedefs().name.partition("<")[0].replace("__1::", "")
        self.count = int(value["__tree_"]["__size_"])

    def to_string(self):
        return f"{self.name} of {self.count}"


MAKERS = (
    (re.compile(r"^std::__1::basic_string<char,"), String),
    (re.compile(r"^std::__1::basic_string_view<char,"), StringView),
    (re.compile(r"^std::__1::vector<(?!bool,)"), vector),
    (re.compile(r"^std::__1::span<.*, 18446744073709551615(ul)?>$"), span),
    (re.compile(r"^std::__1::unique_ptr<.*>$"), Pointer),
    (re.compile(r"^std::__1::(map|set)<"), Tree),
)


def look_up(value):
    name = value.type.strip_typedefs().unqualified().name or ""
    for pattern, maker in MAKERS:
        if pattern.match(name):
            try:
                return maker(value)
            except (gdb.error, RuntimeError):  # another version's layout: shown as it is
                return None
    return None


look_up.__name__ = "libc++"
gdb.pretty_printers.append(look_up)
