// The entry of every core but the boot core: from real mode to long mode, and to the core's own stack.

/* arch::Core: per_core.hpp */
#define kCoreStackHigh 8
#define kCoreApicId 16
#define kCoreSize 24

#define kBootGdtLimit 31   /* boot_pvh.S */

// What a core executes when it is told to start: real mode, at the beginning of a page below 1 MiB to which this is
// copied. [SDM 3A 9.4.4]
    .section .data.rel.ro.boot, "aw"
    .balign 8
    .globl toro_core_entry_begin, toro_core_entry_end
    .code16
toro_core_entry_begin:
    cli
    movw %cs, %ax
    movw %ax, %ds
    lgdtl boot_gdt_for_core - toro_core_entry_begin
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    movl core_start_pointer - toro_core_entry_begin, %ebx
    ljmpl *core_start_pointer - toro_core_entry_begin
    .balign 8
core_start_pointer:             // selector and offset, moved as one word
    .quad core_start + (24 << 32)
    .skip 6                     // what moves is aligned
boot_gdt_for_core:
    .word kBootGdtLimit
    .quad toro_boot_gdt
toro_core_entry_end:

    .section .text.boot, "ax"
// Where every other core begins, in 32-bit protected mode, EBX telling where this is; toro_core_page_tables are the ones
// in use by then.
    .code32
    .type core_start, @function
core_start:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl toro_core_page_tables - core_start(%ebx), %eax
    leal other_core - core_start(%ebx), %ebp
    leal toro_pvh_start - core_start(%ebx), %ebx
    jmp toro_enter_long_mode

    .code64
other_core:                     // its APIC id says which one it is [SDM 3A 9.9.4]
    xorl %eax, %eax
    cpuid
    cmpl $0xb, %eax
    jb 1f
    movl $0xb, %eax
    xorl %ecx, %ecx
    cpuid
    testl %ebx, %ebx
    jnz 2f
1:  movl $1, %eax
    cpuid
    shrl $24, %ebx
    movl %ebx, %edx
2:  xorl %edi, %edi
    leaq toro_core_entries(%rip), %rbx
3:  cmpl toro_core_count(%rip), %edi
    jae 5f
    cmpl %edx, kCoreApicId(%rbx)
    je 4f
    addq $kCoreSize, %rbx
    incl %edi
    jmp 3b
4:  movq kCoreStackHigh(%rbx), %rsp
    xorl %ebp, %ebp
    call toro_start_core
    ud2
5:  cli                         // not one of those that the kernel counted
    hlt
    jmp 5b
    .size core_start, . - core_start


    .section .bss.boot, "aw", @nobits
    .balign 8
    .globl toro_core_page_tables
toro_core_page_tables: .skip 8

    .section .note.GNU-stack, "", @progbits
