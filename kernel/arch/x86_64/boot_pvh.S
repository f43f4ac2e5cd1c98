// PVH entry: from 32-bit protected mode without paging to long mode. [Xen: docs/misc/pvh.pandoc]
// EBX holds the start info's address. Plain integer instructions only: SSE is not on yet.

#define kNoteEntry 18          /* XEN_ELFNOTE_PHYS32_ENTRY */
#define kPresentWritable 0x3
#define kLargePage 0x83        /* present, writable, page size */

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, kNoteEntry
    .asciz "Xen"
    .long toro_pvh_start

    .section .text.boot, "ax"
    .code32
    .globl toro_pvh_start
    .type toro_pvh_start, @function
toro_pvh_start:
    cli
    cld
    rdtsc
    movl %eax, toro_boot_tsc
    movl %edx, toro_boot_tsc + 4
    movl $toro_boot_stack_high, %esp
    movl %ebx, %esi

    // Long mode and execute-disable are needed; without them say so on COM1, since nothing else can. [SDM 2A CPUID]
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb too_old
    movl $0x80000001, %eax
    cpuid
    andl $0x20100000, %edx
    cmpl $0x20100000, %edx
    jne too_old

    // Identity map of the first GiB by 2 MiB pages, until paging.cpp builds the tables that stay.
    movl $toro_boot_page_tables + 0x1000 + kPresentWritable, toro_boot_page_tables
    movl $toro_boot_page_tables + 0x2000 + kPresentWritable, toro_boot_page_tables + 0x1000
    movl $toro_boot_page_tables + 0x2000, %edi
    movl $kLargePage, %eax
    movl $512, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b

    movl $toro_boot_page_tables, %eax
    movl $boot_core, %ebp

// From 32-bit protected mode to long mode. EAX: page tables; EBP: where to go on; ESI, EDI, ESP are kept.
    .globl toro_enter_long_mode
toro_enter_long_mode:
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x6a0, %eax            // PAE, PGE, OSFXSR, OSXMMEXCPT [SDM 3A 2.5]
    movl %eax, %cr4
    movl $0xc0000080, %ecx      // IA32_EFER: SCE, LME, NXE
    rdmsr
    orl $0x901, %eax
    wrmsr
    movl %cr0, %eax
    andl $0x9ffffff3, %eax      // clear NW, CD, TS, EM
    orl $0x80010023, %eax       // PG, WP, NE, MP, PE
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $8, $long_mode

too_old:
    movl $too_old_text, %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  movb $134, %al              // as a panic ends: boards/, docs/decisions/0004
    outb %al, $0xe9
    outb %al, $0xf4
3:  hlt
    jmp 3b

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    fninit
    ldmxcsr initial_mxcsr(%rip)
    jmp *%rbp

boot_core:
    movl %esi, %edi
    xorl %ebp, %ebp
    call toro_start
    ud2
    .size toro_pvh_start, . - toro_pvh_start

    .section .rodata.boot, "a"
    .balign 8
    .globl toro_boot_gdt
toro_boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff   // 64-bit code, data, 32-bit code
boot_gdt_pointer:
    .word boot_gdt_pointer - toro_boot_gdt - 1
    .long toro_boot_gdt
initial_mxcsr:
    .long 0x1f80
too_old_text:
    .asciz "PANIC: the processor has no long mode or no execute-disable (NX)\n"

    .section .bss.boot, "aw", @nobits
    .balign 8
    .globl toro_boot_tsc
toro_boot_tsc: .skip 8

    .section .note.GNU-stack, "", @progbits
