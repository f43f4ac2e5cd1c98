"""How the kernel's types are shown, for both debuggers: a line for each type, made of its fields.

A value offers number(path), text(path) and word(path), where a path names members one in another: "memory_.used.index".
"""

WORDS_FOR_A_WAIT = {"waiting": " for {0}"}


def context(value):
    state = value.word("state")
    wait = WORDS_FOR_A_WAIT.get(state, "").format(value.text("waits_for"))
    return f'thread {value.number("id")} "{value.text("name")}" on core {value.number("core")}, {state}{wait}'


def registry(value):
    return f'runs {value.address("running"):#x}, first {value.address("first"):#x}'


def trap_frame(value):
    return f'vector {value.number("vector")} at {value.number("rip"):#x}, stack {value.number("rsp"):#x}'


def switch_frame(value):
    return f'goes on at {value.number("rip"):#x}'


def split_queue(value):
    published, used = value.number("published_"), value.number("used_")
    return (f'{value.number("size_")} descriptors, {value.number("free_count_")} free, '
            f'{(published - used) % 65536} in flight, available {published}, taken back {used}')


def heap(value):
    return (f'{value.number("statistics_.bytes_in_use")} bytes in use or kept, {value.number("statistics_.blocks")} '
            f'blocks, {value.number("statistics_.region_bytes")} bytes of regions')


def stage(value):
    done = "done" if value.number("progress.done") else "not done"
    return f'{done} in {value.number("progress.end_tsc") - value.number("progress.begin_tsc")} ticks'


def message_ring(value):
    return f'read {value.number("read_")} modulo 256'


def core(value):
    return f'APIC id {value.number("apic_id")}, copies at {value.number("distance"):#x}'


SUMMARIES = {
    "toro::arch::Context": context,
    "toro::process::Thread": context,
    "toro::arch::ContextRegistry": registry,
    "toro::arch::TrapFrame": trap_frame,
    "toro::arch::SwitchFrame": switch_frame,
    "toro::arch::Core": core,
    "toro::virtio::SplitQueue": split_queue,
    "toro::virtio::EventQueue": split_queue,
    "toro::memory::Heap": heap,
    "toro::boot::Stage": stage,
    "toro::process::MessageRing": message_ring,
}
