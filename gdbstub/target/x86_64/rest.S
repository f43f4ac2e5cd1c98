// A core that stands sleeps: `hlt` with interrupts off, which an NMI alone ends. See rest.hpp.

    .cfi_sections .debug_frame
    .section .text.toro_gdbstub_rest, "ax"
    .globl toro_gdbstub_rest, toro_gdbstub_rest_begin, toro_gdbstub_rest_end, toro_gdbstub_rested
    .type toro_gdbstub_rest, @function
toro_gdbstub_rest:                  // rdi: whether to rest, a byte; rsi: takes the stack pointer
    .cfi_startproc
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .cfi_adjust_cfa_offset 48
    movq %rsp, (%rsi)
toro_gdbstub_rest_begin:
    cmpb $0, (%rdi)
    je toro_gdbstub_rest_end
    // Within the handler of an NMI the next one is blocked up to an iret. [SDM 3A 6.7.1]
    movq %rsp, %rax
    movl %ss, %ecx
    pushq %rcx
    pushq %rax
    pushfq
    movl %cs, %ecx
    pushq %rcx
    leaq 1f(%rip), %rcx
    pushq %rcx
    iretq
1:  hlt
    jmp 1b
toro_gdbstub_rest_end:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    .cfi_adjust_cfa_offset -48
    ret
    .cfi_endproc
    .size toro_gdbstub_rest, . - toro_gdbstub_rest

    .type toro_gdbstub_rested, @function
toro_gdbstub_rested:                // rdi: the stack pointer that toro_gdbstub_rest left
    movq %rdi, %rsp
    jmp toro_gdbstub_rest_end
    .size toro_gdbstub_rested, . - toro_gdbstub_rested

    .section .note.GNU-stack, "", @progbits
