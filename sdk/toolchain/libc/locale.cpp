// Locale objects as glibc lays them out: libc++ reads the character tables within them, and musl's end before those.
#include <ctype.h>
#include <locale.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

extern "C" {
// musl's functions; their public names are weak aliases, which those below replace.
locale_t __newlocale(int mask, const char* name, locale_t base);
locale_t __duplocale(locale_t locale);
}

namespace {

constexpr std::size_t kMuslSize = 6 * sizeof(void*);  // a pointer for each category, as glibc's begins too
static_assert(kMuslSize <= offsetof(__locale_struct, __ctype_b));

/// Moves musl's object into a longer one with tables. The tables are the same in all locales of musl.
locale_t with_tables(locale_t musl) {
  if (musl == nullptr) return nullptr;
  auto* locale = static_cast<__locale_struct*>(std::calloc(1, sizeof(__locale_struct)));
  if (locale != nullptr) {
    std::memcpy(locale, musl, kMuslSize);
    locale->__ctype_b = *__ctype_b_loc();
    locale->__ctype_tolower = *__ctype_tolower_loc();
    locale->__ctype_toupper = *__ctype_toupper_loc();
  }
  freelocale(musl);
  return locale;
}

}  // namespace

extern "C" {

locale_t newlocale(int mask, const char* name, locale_t base) noexcept {
  locale_t made = __newlocale(mask, name, base);
  return made == base ? made : with_tables(made);  // musl changes a `base` that was allocated in place
}

locale_t duplocale(locale_t locale) noexcept {
  return with_tables(__duplocale(locale));
}
}
