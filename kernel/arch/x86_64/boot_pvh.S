// PVH entry: from 32-bit protected mode without paging to long mode. [Xen: docs/misc/pvh.pandoc]
// EBX holds the start info's address. Plain integer instructions only: SSE is not on yet.
// Nothing here is an address: the image begins where toro.ld puts it, and goes on where move_image.cpp moves it.

#define kNoteEntry 18          /* XEN_ELFNOTE_PHYS32_ENTRY */
#define kPresentWritable 0x3
#define kLargePage 0x83        /* present, writable, page size */

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, kNoteEntry
    .asciz "Xen"
    .long toro_pvh_start_loaded

    .section .text.boot, "ax"
    .code32
    .globl toro_pvh_start
    .type toro_pvh_start, @function
toro_pvh_start:
    cli
    cld
    movl %ebx, %esi
    movl $toro_pvh_start_loaded, %ebx
    rdtsc
    movl %eax, toro_boot_tsc - toro_pvh_start(%ebx)
    movl %edx, toro_boot_tsc + 4 - toro_pvh_start(%ebx)
    leal toro_boot_stack_high - toro_pvh_start(%ebx), %esp

    // Long mode and execute-disable are needed; without them say so on COM1, since nothing else can. [SDM 2A CPUID]
    movl $0x80000000, %eax
    cpuid
    movl $toro_pvh_start_loaded, %ebx
    cmpl $0x80000001, %eax
    jb too_old
    movl $0x80000001, %eax
    cpuid
    movl $toro_pvh_start_loaded, %ebx
    andl $0x20100000, %edx
    cmpl $0x20100000, %edx
    jne too_old

    // Identity map of the first GiB by 2 MiB pages, until paging.cpp builds the tables that stay.
    leal toro_boot_page_tables - toro_pvh_start(%ebx), %edx
    leal 0x1000 + kPresentWritable(%edx), %eax
    movl %eax, (%edx)
    leal 0x2000 + kPresentWritable(%edx), %eax
    movl %eax, 0x1000(%edx)
    leal 0x2000(%edx), %edi
    movl $kLargePage, %eax
    movl $512, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b

    movl %edx, %eax
    leal boot_core - toro_pvh_start(%ebx), %ebp

// From 32-bit protected mode to long mode. EAX: page tables; EBX: where toro_pvh_start is; EBP: where to go on; ESI,
// EDI, ESP are kept.
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
    lgdt boot_gdt_pointer - toro_pvh_start(%ebx)
    ljmp *long_mode_pointer - toro_pvh_start(%ebx)

too_old:
    leal too_old_text - toro_pvh_start(%ebx), %esi
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
    movl %esi, %ebx
    xorl %ebp, %ebp
    movq %rbx, %rdi
    call toro_move_image        // the distance, for all that is in the image: this code and its stack too
    addq %rax, %rsp
    leaq toro_start(%rip), %rdx
    addq %rax, %rdx
    movq %rbx, %rdi
    call *%rdx
    ud2
    .size toro_pvh_start, . - toro_pvh_start

    .section .data.rel.ro.boot, "aw"
    .balign 8
    .globl toro_boot_gdt
toro_boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff   // 64-bit code, data, 32-bit code
toro_boot_gdt_end:
long_mode_pointer:              // selector and offset, moved as one word
    .quad long_mode + (8 << 32)
    .skip 6                     // what moves is aligned
boot_gdt_pointer:
    .word toro_boot_gdt_end - toro_boot_gdt - 1
    .quad toro_boot_gdt

    .section .rodata.boot, "a"
    .balign 4
initial_mxcsr:
    .long 0x1f80
too_old_text:
    .asciz "PANIC: the processor has no long mode or no execute-disable (NX)\n"

    .section .data.boot, "aw"   // moves along: what is zero at the beginning is zeroed anew
    .balign 8
    .globl toro_boot_tsc
toro_boot_tsc: .quad 0

    .section .note.GNU-stack, "", @progbits
