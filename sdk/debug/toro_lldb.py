"""The kernel's types in LLDB: `command script import` this, or start LLDB by `toro debug`."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import toro_types  # noqa: E402


class Value:
    """An lldb.SBValue, as toro_types wants it."""

    def __init__(self, value):
        self.value = value.GetNonSyntheticValue()

    def member(self, path):
        value = self.value
        for name in path.split("."):
            value = value.GetChildMemberWithName(name)
        return value

    def number(self, path):
        value = self.member(path)
        if value.GetType().IsAggregateType() and not value.GetType().IsReferenceType():  # std::atomic
            value = value.GetNonSyntheticValue().GetChildMemberWithName("__a_").GetChildMemberWithName("__a_value")
        return value.GetValueAsUnsigned()

    def address(self, path):
        return self.member(path).GetValueAsUnsigned()

    def text(self, path):
        return (self.member(path).GetSummary() or "").strip('"')

    def word(self, path):
        return self.member(path).GetValue() or ""


def summarize(value, _):
    name = value.GetType().GetUnqualifiedType().GetCanonicalType().GetName()
    summary = toro_types.SUMMARIES.get(name)
    return summary(Value(value)) if summary else ""


def __lldb_init_module(debugger, _):
    for name in toro_types.SUMMARIES:
        debugger.HandleCommand(f"type summary add --expand --python-function toro_lldb.summarize {name}")
