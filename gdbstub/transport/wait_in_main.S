// First instructions of main's thread where boot is to wait for a debugger, which then stands in that thread.

    .cfi_sections .debug_frame
    .section .text.toro_gdbstub_wait_in_main, "ax"
    .globl toro_gdbstub_wait_in_main
    .type toro_gdbstub_wait_in_main, @function
toro_gdbstub_wait_in_main:
    .cfi_startproc
    .cfi_undefined rip
    call toro_gdbstub_wait
    jmp toro_application_entry      // as it was to go on: its registers are those that a call keeps
    .cfi_endproc
    .size toro_gdbstub_wait_in_main, . - toro_gdbstub_wait_in_main

    .section .note.GNU-stack, "", @progbits
