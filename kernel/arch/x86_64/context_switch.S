// Leaves one flow of execution for another: context.hpp, SwitchFrame.

    .cfi_sections .debug_frame
    .section .text.toro_switch_context, "ax"
    .globl toro_switch_context
    .type toro_switch_context, @function
toro_switch_context:                // rdi: where to store the frame left; rsi: the frame to go on with
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
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    .irp register, r15, r14, r13, r12, rbx, rbp
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    ret
    .cfi_endproc
    .size toro_switch_context, . - toro_switch_context

    .section .note.GNU-stack, "", @progbits
