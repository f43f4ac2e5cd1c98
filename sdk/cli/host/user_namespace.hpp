// What programs that want to be root get without being it.
#pragma once

namespace toro::cli {

/// Makes the calling process, which has one thread, root of a user namespace of its own: its files are the user's, it
/// may change its root, and giving up the user's groups, which the namespace does not allow, seems to be done. False,
/// with errno, where the system forbids it.
bool become_root_of_user_namespace();

}  // namespace toro::cli
