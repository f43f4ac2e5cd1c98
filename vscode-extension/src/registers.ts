// The processor's registers: which group each belongs to, and the names of the bits that are set in it.

/** As LLDB names and orders them. */
export const registerGroups = ['general', 'float', 'vector', 'control', 'supplementary'] as const;
export type RegisterGroup = (typeof registerGroups)[number];

const members: readonly (readonly [RegExp, RegisterGroup])[] = [
  [/^(r[a-ds][xip]|r[bs]p|rip|r[89]|r1[0-5]|[er]flags|[c-gs]s)$/, 'general'],
  [/^(cr\d|efer|[fg]s_base|k_gs_base)$/, 'control'],
  [/^([xy]mm\d+|mxcsr)$/, 'vector'],
  [/^(st\d|f(ctrl|stat|tag|iseg|ioff|oseg|ooff|op))$/, 'float'],
];

/** What is no register of its own, such as `al`, is a part of one. */
export function registerGroup(name: string): RegisterGroup {
  return members.find(([names]) => names.test(name))?.[1] ?? 'supplementary';
}

type Bits = Readonly<Record<string, number>>;

/** As the stub describes them to the debugger: a test compares. [gdbstub/target/x86_64/register_table.cpp] */
export const registerBits: Readonly<Record<string, Bits>> = {
  eflags: { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, TF: 8, IF: 9, DF: 10, OF: 11, NT: 14, RF: 16, VM: 17, AC: 18, VIF: 19, VIP: 20, ID: 21 },
  mxcsr: { IE: 0, DE: 1, ZE: 2, OE: 3, UE: 4, PE: 5, DAZ: 6, IM: 7, DM: 8, ZM: 9, OM: 10, UM: 11, PM: 12, FZ: 15 },
  cr0: { PE: 0, MP: 1, EM: 2, TS: 3, ET: 4, NE: 5, WP: 16, AM: 18, NW: 29, CD: 30, PG: 31 },
  cr3: { PWT: 3, PCD: 4 },
  cr4: {
    VME: 0, PVI: 1, TSD: 2, DE: 3, PSE: 4, PAE: 5, MCE: 6, PGE: 7, PCE: 8, OSFXSR: 9, OSXMMEXCPT: 10, UMIP: 11, LA57: 12, VMXE: 13, SMXE: 14,
    FSGSBASE: 16, PCIDE: 17, OSXSAVE: 18, SMEP: 20, SMAP: 21, PKE: 22, CET: 23,
  },
  efer: { SCE: 0, LME: 8, LMA: 10, NXE: 11 },
};

/** The value with the names of the bits that are set: `0x246 [PF ZF IF]`. */
export function withBits(name: string, value: string): string {
  const bits = registerBits[name === 'rflags' ? 'eflags' : name];
  if (bits === undefined || !/^0x[0-9a-f]+$/i.test(value)) {
    return value;
  }
  const set = Object.entries(bits).filter(([, bit]) => (BigInt(value) >> BigInt(bit)) & 1n);
  return `${value} [${set.map(([bit]) => bit).join(' ')}]`;
}
