// Multiboot2: the header by which a loader (GRUB) knows the image, and its entry. [Multiboot2 2.0 §3.1, §3.3]
// In the images of boards that say TORO_USE_ENTRY(toro_multiboot2_start). Plain integer instructions only.

#define kHeaderMagic 0xe85250d6
#define kLoaderMagic 0x36d76289
#define kI386 0
#define kModuleList 16     /* of pvh::StartInfo */
#define kStartInfoSize 56
#define kEndTag 0
#define kEntryAddressTag 3

    .section .multiboot2, "ax", @progbits  // toro.ld puts it at toro_multiboot2_loaded
    .balign 8
header:
    .long kHeaderMagic, kI386, header_end - header, -(kHeaderMagic + kI386 + (header_end - header))
    .short kEntryAddressTag, 0
    .long 12, toro_multiboot2_loaded + (toro_multiboot2_start - header)
    .balign 8
    .short kEndTag, 0
    .long 8
header_end:

    .code32
    .globl toro_multiboot2_start
    .type toro_multiboot2_start, @function
toro_multiboot2_start:          // EBX: the information's address
    cmpl $kLoaderMagic, %eax
    jne 1f
    movl $toro_multiboot2_loaded, %eax  // nothing here is an address: boot_pvh.S
    movl %ebx, handed + kModuleList - header(%eax)
    leal handed - header(%eax), %ebx
    jmp toro_pvh_start
1:  hlt                         // entered by something else: there is nothing to go on with
    jmp 1b
    .size toro_multiboot2_start, . - toro_multiboot2_start
    .reloc toro_multiboot2_start, R_X86_64_NONE, toro_translate_multiboot2  // kernel/boot/multiboot2.cpp comes too

    // Start info of PVH but for its magic, which tells multiboot2.cpp to make a real one of it.

    .section .data.boot_multiboot2, "aw", @progbits
    .balign 8
handed:
    .long kLoaderMagic
    .skip kStartInfoSize - 4

    .section .note.GNU-stack, "", @progbits
