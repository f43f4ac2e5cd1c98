"""Runs within LLDB: commands come on stdin, a line each; each is answered by one line of JSON. `@interrupt` is carried
out at once, while another command still waits for the guest to stop, and has no answer of its own."""

import json
import queue
import sys
import threading

import lldb


def serve(debugger):
    debugger.SetAsync(False)
    commands = queue.Queue()

    def read():
        for line in sys.stdin:
            if line == "@interrupt\n":
                debugger.GetSelectedTarget().GetProcess().SendAsyncInterrupt()
            else:
                commands.put(line.rstrip("\n"))
        commands.put(None)

    sys.stdin = open(0)
    threading.Thread(target=read, daemon=True).start()
    interpreter = debugger.GetCommandInterpreter()
    while (command := commands.get()) is not None:
        result = lldb.SBCommandReturnObject()
        interpreter.HandleCommand(command, result)
        answer = {"succeeded": result.Succeeded(), "output": result.GetOutput(), "error": result.GetError()}
        with open(1, "w", closefd=False) as out:
            out.write("@answer " + json.dumps(answer) + "\n")


def __lldb_init_module(debugger, _):
    serve(debugger)
