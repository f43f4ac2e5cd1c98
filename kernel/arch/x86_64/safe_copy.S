// Copies that may fault: the trap handler sends a fault between begin and end to toro_safe_copy_fault.

    .cfi_sections .debug_frame
    .section .text.toro_safe_copy, "ax"
    .globl toro_safe_copy, toro_safe_copy_begin, toro_safe_copy_end, toro_safe_copy_fault
    .type toro_safe_copy, @function
toro_safe_copy:                     // rdi: to; rsi: from; rdx: size. Returns the bytes not copied.
    .cfi_startproc
toro_safe_copy_begin:
    movq %rdx, %rcx
    cmpq $2, %rdx
    je 2f
    cmpq $4, %rdx
    je 4f
    cmpq $8, %rdx
    je 8f
1:  rep movsb
    xorl %eax, %eax
    ret
2:  testb $1, %sil
    jnz 1b
    movzwl (%rsi), %eax
    movw %ax, (%rdi)
    xorl %eax, %eax
    ret
4:  testb $3, %sil
    jnz 1b
    movl (%rsi), %eax
    movl %eax, (%rdi)
    xorl %eax, %eax
    ret
8:  testb $7, %sil
    jnz 1b
    movq (%rsi), %rax
    movq %rax, (%rdi)
    xorl %eax, %eax
    ret
toro_safe_copy_end:
toro_safe_copy_fault:
    // rcx counts down only in the byte loop: elsewhere nothing was copied.
    movq %rcx, %rax
    ret
    .cfi_endproc
    .size toro_safe_copy, . - toro_safe_copy

    .section .note.GNU-stack, "", @progbits
