import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstError, lastLine, parseProblems } from '../src/problems';

const build = `ninja: Entering directory \`/work/build'
[1/3] Building CXX object main.cpp.obj
FAILED: main.cpp.obj
/usr/bin/clang++-22 -c /work/main.cpp
In file included from /work/main.cpp:2:
/work/shape.hpp:7:9: warning: unused variable 'edge' [-Wunused-variable]
/work/main.cpp:4:3: error: use of undeclared identifier 'prin'; did you mean 'print'?
    4 |   prin("hello");
      |   ^~~~
      |   print
/work/shape.hpp:3:6: note: 'print' declared here
/work/main.cpp:9:10: fatal error: 'missing.hpp' file not found
ninja: build stopped: subcommand failed.`;

test('clang: errors, warnings and notes with their places', () => {
  assert.deepEqual(
    parseProblems(build, '/work').map(({ file, line, column, severity }) => [file, line, column, severity]),
    [
      ['/work/shape.hpp', 7, 9, 'warning'],
      ['/work/main.cpp', 4, 3, 'error'],
      ['/work/shape.hpp', 3, 6, 'note'],
      ['/work/main.cpp', 9, 10, 'error'],
    ],
  );
  assert.equal(parseProblems(build, '/work')[1]?.message, "use of undeclared identifier 'prin'; did you mean 'print'?");
});

test('a header that two sources include complains once', () => {
  const line = 'shape.hpp:7:9: warning: unused';
  assert.deepEqual(parseProblems(`${line}\n${line}`, '/work').map(({ file }) => file), ['/work/shape.hpp']);
});

test('colours are no part of a message', () => {
  assert.equal(parseProblems('\x1b[1ma.c:1:2: \x1b[0;1;31merror: \x1b[0mno', '/w')[0]?.message, 'no');
});

test('lld: the place that refers to the symbol', () => {
  const output = 'ld.lld-22: error: undefined symbol: area(Shape)\n>>> referenced by main.cpp:12 (/work/main.cpp:12)\n>>>               main.cpp.obj:(main)';
  const [problem] = parseProblems(output, '/work');
  assert.deepEqual([problem?.file, problem?.line, problem?.message], ['/work/main.cpp', 12, 'undefined symbol: area(Shape)']);
});

test('lld: a problem of no place belongs to the project', () => {
  assert.equal(parseProblems('ld.lld: error: cannot open nothing.o', '/work')[0]?.file, '/work/CMakeLists.txt');
});

test('CMake: a message of several lines', () => {
  const output = 'CMake Error at CMakeLists.txt:3 (find_package):\n  By not providing "FindTorro.cmake" this\n\n  could not find it.\n\n\n-- Configuring incomplete, errors occurred!';
  const [problem, ...more] = parseProblems(output, '/work');
  assert.deepEqual([problem?.file, problem?.line, problem?.severity], ['/work/CMakeLists.txt', 3, 'error']);
  assert.match(problem?.message ?? '', /^By not providing "FindTorro\.cmake" this could not find it\.$/);
  assert.equal(more.length, 0);
});

test('the first error, or else the last line, of what was said', () => {
  assert.equal(firstError(build), "/work/main.cpp:4:3: error: use of undeclared identifier 'prin'; did you mean 'print'?");
  assert.equal(firstError('one\ntwo\n'), '');
  assert.equal(lastLine('one\ntwo\n'), 'two');
});
