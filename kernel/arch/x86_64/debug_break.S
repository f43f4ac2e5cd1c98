// A breakpoint that does nothing where no debugger is attached: trap.cpp knows its address.

    .cfi_sections .debug_frame
    .section .text.toro_debug_break, "ax"
    .globl toro_debug_break
    .type toro_debug_break, @function
toro_debug_break:
    .cfi_startproc
    int3
    ret
    .cfi_endproc
    .size toro_debug_break, . - toro_debug_break

    .section .note.GNU-stack, "", @progbits
