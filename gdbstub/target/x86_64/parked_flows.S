// Where a parked flow goes on: takes all registers from it. See parked_flows.hpp.

#define kFloatStateSize 528

    .cfi_sections .debug_frame
    .section .text.toro_gdbstub_unpark, "ax"
    .globl toro_gdbstub_unpark
    .type toro_gdbstub_unpark, @function
toro_gdbstub_unpark:                // rsp: ParkedFlow::float_state; interrupts are off
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, kFloatStateSize + 176     // the TrapFrame's end
    .cfi_offset rip, -40
    .cfi_offset rsp, -16
    .set offset, -176
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
    .cfi_offset \register, offset
    .set offset, offset + 8
    .endr
    fxrstor64 (%rsp)
    addq $kFloatStateSize, %rsp
    .cfi_adjust_cfa_offset -kFloatStateSize
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    addq $16, %rsp
    .cfi_adjust_cfa_offset -16
    iretq
    .cfi_endproc
    .size toro_gdbstub_unpark, . - toro_gdbstub_unpark

    .section .note.GNU-stack, "", @progbits
