// Leaves one flow of execution for another: context.hpp, SwitchFrame.

#define kMxcsr 0
#define kX87Control 4
#define kInterruptsOn 6
#define kKilled 8       /* arch::Context; its frame is at 0 */

    .cfi_sections .debug_frame

// rdi: the context to leave; rsi: the one to go on with. What is pushed for mxcsr and x87_control is overwritten.
.macro switch_context name, interrupts_on
    .section .text.\name, "ax"
    .globl \name
    .type \name, @function
\name:
    .cfi_startproc
    .irp register, rbp, rbx, r12, r13, r14, r15
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endr
    pushq $-\interrupts_on
    .cfi_adjust_cfa_offset 8
    stmxcsr kMxcsr(%rsp)
    fnstcw kX87Control(%rsp)
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    movzbl kKilled(%rsi), %eax
    ldmxcsr kMxcsr(%rsp)
    fldcw kX87Control(%rsp)
    cmpw $0, kInterruptsOn(%rsp)
    je 1f
    sti
1:  addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    .irp register, r15, r14, r13, r12, rbx, rbp
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    ret
    .cfi_endproc
    .size \name, . - \name
.endm

    switch_context toro_switch_context, 0
    switch_context toro_switch_yielding, 1

    .section .note.GNU-stack, "", @progbits
