// The first and last instructions of every exception and interrupt: a TrapFrame on the gate's IST stack.

#define kVectors 64
#define kStubSize 9                 /* descriptor_tables.cpp: two pushes and a jump */

// Vectors for which the processor pushes an error code. [SDM 3A 6.13]
#define has_error_code(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21)

    .cfi_sections .debug_frame
    .section .text.trap, "ax"
    .balign 16
    .globl toro_trap_stubs
    .type toro_trap_stubs, @function
toro_trap_stubs:
    .set vector, 0
    .rept kVectors
    .org toro_trap_stubs + vector * kStubSize, 0xcc
    .if has_error_code(vector) == 0
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr
    .size toro_trap_stubs, . - toro_trap_stubs

    .balign 16
    .type trap_common, @function
trap_common:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 56            // vector, error code, rip, cs, rflags, rsp, ss
    .cfi_offset rip, -40
    .cfi_offset rsp, -16
    .macro save register
    pushq %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endm
    save rax; save rcx; save rdx; save rbx; save rbp; save rsi; save rdi
    save r8; save r9; save r10; save r11; save r12; save r13; save r14; save r15
    cld
    movq %rsp, %rdi
    call toro_trap                  // the IST stack and the 22 words on it are 16-byte aligned
    .macro restore register
    popq %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endm
    restore r15; restore r14; restore r13; restore r12; restore r11; restore r10; restore r9; restore r8
    restore rdi; restore rsi; restore rbp; restore rbx; restore rdx; restore rcx; restore rax
    addq $16, %rsp
    .cfi_adjust_cfa_offset -16
    iretq
    .cfi_endproc
    .size trap_common, . - trap_common

    .section .note.GNU-stack, "", @progbits
