// Calls a function so that a fault within it can be made to look like its return: fault.hpp.

    .cfi_sections .eh_frame, .debug_frame   // C++ exceptions of the application pass through
    .section .text.toro_guarded_call, "ax"
    .globl toro_guarded_call, toro_guarded_fault
    .type toro_guarded_call, @function
toro_guarded_call:                  // rdi: function; rsi: argument; rdx: guard
    .cfi_startproc
    .irp register, rbp, rbx, r12, r13, r14, r15
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endr
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rdx, %rbx
    movq %rsp, 8(%rbx)              // Guard::stack_pointer
    movq %rdi, %rax
    movq %rsi, %rdi
    callq *%rax
    movq $0, 8(%rbx)                // a fault from here on is not this call's
    xorl %eax, %eax
leave:
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    .irp register, r15, r14, r13, r12, rbx, rbp
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    ret

    .cfi_def_cfa rsp, 64
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    .cfi_offset r15, -56
toro_guarded_fault:                 // the trap handler resumes here with rsp = Guard::stack_pointer
    cld
    ldmxcsr (%rsp)
    fninit                          // the x87 stack is empty at a return [System V ABI 3.2.1]
    fldcw 4(%rsp)
    movl $1, %eax
    jmp leave
    .cfi_endproc
    .size toro_guarded_call, . - toro_guarded_call

    .section .note.GNU-stack, "", @progbits
