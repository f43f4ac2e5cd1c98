#include "gdbstub/protocol/target_description.hpp"

namespace toro::gdbstub {

namespace {

std::string_view group_name(RegisterGroup group) {
  switch (group) {
    case RegisterGroup::general:
      return "general";
    case RegisterGroup::floating:
      return "float";
    case RegisterGroup::vector:
      return "vector";
    case RegisterGroup::control:
      return "control";
  }
  return "general";
}

void write_flags(TextWriter& xml, const FlagsType& type) {
  xml.text("<flags id=\"");
  xml.text(type.id);
  xml.text("\" size=\"");
  xml.decimal(type.bytes);
  xml.text("\">");
  for (const FlagField& field : type.fields) {
    xml.text("<field name=\"");
    xml.text(field.name);
    xml.text("\" start=\"");
    xml.decimal(field.low);
    xml.text("\" end=\"");
    xml.decimal(field.high);
    xml.text("\"/>");
  }
  xml.text("</flags>\n");
}

void write_register(TextWriter& xml, const Register& declared, std::size_t number) {
  xml.text("<reg name=\"");
  xml.text(declared.name);
  xml.text("\" bitsize=\"");
  xml.decimal(declared.bits);
  xml.text("\" type=\"");
  xml.text(declared.type);
  xml.text("\" regnum=\"");
  xml.decimal(number);
  xml.text("\" group=\"");
  xml.text(group_name(declared.group));
  // A debugger that calls a function must not put such registers back behind the kernel's back.
  xml.text(declared.group == RegisterGroup::control ? "\" save-restore=\"no\"/>\n" : "\"/>\n");
}

}  // namespace

void write_target_description(TextWriter& xml, const RegisterSet& set) {
  xml.text(
      "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n<architecture>");
  xml.text(set.architecture);
  xml.text("</architecture>\n");
  for (const RegisterFeature& feature : set.features) {
    xml.text("<feature name=\"");
    xml.text(feature.name);
    xml.text("\">\n");
    xml.text(feature.types);
    for (const FlagsType& type : feature.flags) write_flags(xml, type);
    for (std::size_t i = feature.first; i < feature.first + feature.count; ++i) {
      write_register(xml, set.registers[i], i);
    }
    xml.text("</feature>\n");
  }
  xml.text("</target>\n");
}

}  // namespace toro::gdbstub
