// What the original's test of its filesystems did.
#pragma once

#include <string>

/// In `directory`; says in one line how it went.
void original_test(const std::string& directory);
