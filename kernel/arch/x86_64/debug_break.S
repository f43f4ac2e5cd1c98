// A breakpoint that does nothing where no debugger is attached: trap.cpp knows the address behind it.

    .cfi_sections .debug_frame
    .section .text.toro_debug_break, "ax"
    .globl toro_debug_break, toro_debug_break_end
    .type toro_debug_break, @function
toro_debug_break:
    .cfi_startproc
    int3
toro_debug_break_end:
    ret
    .cfi_endproc
    .size toro_debug_break, . - toro_debug_break

    .section .note.GNU-stack, "", @progbits
