// What a user can do about a message of compiler, linker, QEMU or the guest: data, the first rule that fits counts.

interface Rule {
  readonly when: RegExp;
  readonly hint: string;
}

const unknownBoard = /unknown board|board\.json was expected/;

const rules: readonly Rule[] = [
  { when: /'(\S+)' file not found/, hint: 'Headers of the kernel that applications may include are <toro/…>; those of the application need their folder in target_include_directories().' },
  { when: /undefined symbol: (?:.*\b)?main\b/, hint: 'The application needs a main(): is the file that has it named in toro_add_application()?' },
  { when: /undefined symbol/, hint: 'A source that defines it may be missing in toro_add_application(), or a library in target_link_libraries().' },
  { when: /Could not find a package configuration file provided by "Toro"|FindToro\.cmake/, hint: 'Build the project by “toro build”, which tells CMake where the SDK is, or pass -DToro_DIR=SDK/sdk/cmake.' },
  { when: /has several applications/, hint: 'Say which one by "application" in launch.json.' },
  { when: /an image of configuration debug was expected/, hint: 'Choose the configuration “debug” in the status bar, or "stub": "qemu" in launch.json.' },
  { when: unknownBoard, hint: 'Choose one of this SDK’s in the status bar, or by "board" in launch.json.' },
  { when: /does not run on board/, hint: 'Choose another board in the status bar; the sample’s sample.json lists its boards.' },
  { when: /No space left on device/, hint: 'The disk is full: a memory dump is as large as the guest’s memory.' },
  { when: /\/dev\/kvm|Could not access KVM|KVM.*[Pp]ermission denied/, hint: 'Without KVM guests are emulated: "accelerator": "tcg". To use it, be a member of the group kvm.' },
  { when: /Could not set up host forwarding rule|port .*in use|already in use/, hint: 'Something else listens on that port of this machine: end it, or choose another in "forward".' },
  { when: /unknown option '--|unknown command|The following argument was not expected/, hint: 'The toro command is older than this extension: both come from the same SDK.' },
  { when: /Read-only file system|was expected to be writable|Permission denied/, hint: 'The build lies in build/ within the project: open a copy of the project in a folder of your own, for example by “Toro: New Project from Sample”.' },
  { when: /page fault .* 0x0+[0-9a-f]{0,3}\b/, hint: 'A null pointer, or a member of what one points to: page 0 is not mapped.' },
  { when: /guard page/, hint: 'The thread’s stack is full.' },
  { when: /ended by signal|ended by SIG|was killed/, hint: 'Something outside of the SDK ended it: on a host that is short of memory, its kernel does.' },
];

export function hintFor(text: string): string | undefined {
  return rules.find(({ when }) => when.test(text))?.hint;
}

export function isAboutBoard(text: string): boolean {
  return unknownBoard.test(text);
}
