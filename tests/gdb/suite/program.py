"""How a program becomes a Toro image: the commands that the SDK's CMake package gives, with places for names in them."""
import json
import shlex
import shutil
import subprocess

from suite.places import HERE, ROOT, SuiteError

SOURCE, OBJECT, IMAGE = "@source@", "@object@", "@image@"


def _compile_commands(build):
    """The commands by language: c, cxx."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        for language, name in (("c", "program.c"), ("cxx", "program.cpp")):
            if entry["file"] == str(HERE / "program" / name):
                words = shlex.split(entry["command"])
                words[words.index("-o") + 1] = OBJECT
                words[words.index("-c") + 1] = SOURCE
                commands[language] = words
    return commands


def _link_command(build):
    said = subprocess.run(["ninja", "-C", build, "-t", "commands", "program-c.elf"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    words = []
    for word in shlex.split(said.splitlines()[-1].removeprefix(": && ").removesuffix(" && :")):
        if word.startswith("-Map="):
            continue
        if word.endswith("/program.c.obj"):
            word = OBJECT
        elif word == "program-c.elf":
            word = IMAGE
        elif (build / word).is_file():
            word = str(build / word)
        words.append(word)
    return words


def _launchers():
    """The kernel's objects are those of the board's own build: where there is ccache, they are compiled once."""
    if not shutil.which("ccache"):
        return []
    words = f"env;-u;XDG_RUNTIME_DIR;CCACHE_DIR={ROOT}/build/.ccache;CCACHE_NOHASHDIR=1;ccache"
    return [f"-DCMAKE_{language}_COMPILER_LAUNCHER={words}" for language in ("C", "CXX")]


def prepare(build):
    """Builds kernel, board, stub and C library in `build`; the file with the commands."""
    log = build.with_suffix(".log")
    build.mkdir(parents=True, exist_ok=True)
    steps = [["cmake", "-S", HERE / "program", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", f"-DToro_DIR={ROOT}/sdk/cmake",
              "--toolchain", ROOT / "sdk/cmake/toro-toolchain.cmake", *_launchers()],
             ["cmake", "--build", build]]
    with open(log, "w") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT).returncode != 0:
                raise SuiteError(f"an application was expected to build and did not; the whole log is in {log}")
    commands = _compile_commands(build) | {"link": _link_command(build)}
    file = build / "commands.json"
    file.write_text(json.dumps(commands, indent=1) + "\n")
    return file
