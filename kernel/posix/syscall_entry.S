// SYSCALL within ring 0: the C library's way into the kernel, on the caller's own stack. [SDM 2B SYSCALL]
// RCX holds the return address, R11 the flags; FMASK has cleared IF, DF and TF. Returns by jump: SYSRET goes to ring 3.

#define kRedZone 128

    .cfi_sections .debug_frame
    .section .text.toro_syscall_entry, "ax"
    .globl toro_syscall_entry, toro_syscall_resume
    .type toro_syscall_entry, @function
toro_syscall_entry:
    .cfi_startproc
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    leaq -kRedZone(%rsp), %rsp      // compiled code keeps data there
    .cfi_def_cfa_offset kRedZone
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rip, 0
    pushq %r11
    .cfi_adjust_cfa_offset 8
    .irp register, rbp, rbx, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9, rax
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endr
    movq %rsp, %rdi
    movq %rsp, %rbx
    .cfi_def_cfa_register rbx
    andq $-16, %rsp
    sti
    call toro_syscall
    movq %rbx, %rsp
    .cfi_def_cfa_register rsp
resume:
    addq $8, %rsp                   // the number; RAX holds the result
    .cfi_adjust_cfa_offset -8
    .irp register, r9, r8, r10, rdx, rsi, rdi, r15, r14, r13, r12, rbx, rbp
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    popfq
    .cfi_adjust_cfa_offset -8
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rcx
    leaq kRedZone(%rsp), %rsp
    .cfi_def_cfa_offset 0
    jmp *%rcx
    .cfi_endproc
    .size toro_syscall_entry, . - toro_syscall_entry

// First instructions of a thread made by clone(): its SyscallFrame is on top of its stack.
    .type toro_syscall_resume, @function
toro_syscall_resume:
    .cfi_startproc
    .cfi_undefined rip
    xorl %eax, %eax
    jmp resume
    .cfi_endproc
    .size toro_syscall_resume, . - toro_syscall_resume

// First instructions of main's thread: RBX holds the C library's entry, RSP the start-up block. [System V ABI 3.4.1]
    .globl toro_application_entry
    .type toro_application_entry, @function
toro_application_entry:
    .cfi_startproc
    .cfi_undefined rip
    sti
    xorl %ebp, %ebp
    xorl %edx, %edx
    jmp *%rbx
    .cfi_endproc
    .size toro_application_entry, . - toro_application_entry

    .section .note.GNU-stack, "", @progbits
