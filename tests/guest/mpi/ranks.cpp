// Ranks and their messages, in C++.
#include <doctest/doctest.h>

#include <toro/core.hpp>
#include <toro/mpi.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

namespace mpi = toro::mpi;
using mpi::Error;

TEST_CASE("every core is a rank, once") {
  std::vector<int> seen(toro::cores());
  CHECK_EQ(mpi::rank(), -1);
  mpi::run([&] {
    CHECK_EQ(static_cast<std::uint32_t>(mpi::rank()), toro::this_core());
    CHECK_EQ(static_cast<std::uint32_t>(mpi::size()), toro::cores());
    ++seen[toro::this_core()];
  });
  CHECK_EQ(std::ranges::count(seen, 1), toro::cores());
}

TEST_CASE("messages of any size arrive in order, also at oneself") {
  constexpr std::size_t kSizes[] = {0, 1, 1020, 1021, 65536, 300'000};
  mpi::run([&] {
    const int next = (mpi::rank() + 1) % mpi::size();
    const int before = (mpi::rank() + mpi::size() - 1) % mpi::size();
    for (const std::size_t size : kSizes) {
      const std::vector<int> sent(size, mpi::rank() + static_cast<int>(size));
      CHECK(mpi::send(std::span(sent), next, 7).has_value());
    }
    for (const std::size_t size : kSizes) {
      std::vector<int> room(size + 1);
      const auto got = mpi::recv(std::span(room), before, 7);
      REQUIRE(got.has_value());
      CHECK_EQ(got->size, size * sizeof(int));
      CHECK_EQ(got->source, before);
      CHECK_EQ(std::ranges::count(std::span(room).first(size), before + static_cast<int>(size)), size);
    }
  });
}

TEST_CASE("a message is chosen by rank and by tag") {
  mpi::run([] {
    if (mpi::rank() != 0) {
      CHECK(mpi::send(mpi::rank(), 0, 1).has_value());
      CHECK(mpi::send(10 * mpi::rank(), 0, 2).has_value());
      return;
    }
    int value = 0;
    for (int rank = mpi::size() - 1; rank > 0; --rank) {
      CHECK(mpi::recv(value, rank, 2).has_value());
      CHECK_EQ(value, 10 * rank);
    }
    int sum = 0;
    for (int rank = 1; rank < mpi::size(); ++rank) {
      const auto got = mpi::recv(value, mpi::kAnySource, 1);
      REQUIRE(got.has_value());
      CHECK_EQ(value, got->source);
      sum += value;
    }
    CHECK_EQ(sum, mpi::size() * (mpi::size() - 1) / 2);
  });
}

TEST_CASE("collectives, of every root") {
  mpi::run([] {
    const int size = mpi::size();
    const auto ranks = static_cast<std::size_t>(size);
    for (int root = 0; root < size; ++root) {
      std::vector<int> data(1000, mpi::rank() == root ? root + 5 : -1);
      CHECK(mpi::bcast(std::span(data), root).has_value());
      CHECK_EQ(std::ranges::count(data, root + 5), 1000);

      const std::vector<long> from(100, mpi::rank() + 1);
      std::vector<long> to(mpi::rank() == root ? 100 : 0);
      CHECK(mpi::reduce(std::span<const long>(from), std::span(to), std::plus<>{}, root).has_value());
      if (mpi::rank() == root) CHECK_EQ(std::ranges::count(to, long{size} * (size + 1) / 2), 100);

      std::vector<int> all(mpi::rank() == root ? 3 * ranks : 0);
      std::iota(all.begin(), all.end(), 0);
      std::array<int, 3> part{};
      CHECK(mpi::scatter(std::span<const int>(all), std::span<int>(part), root).has_value());
      CHECK_EQ(part[2], 3 * mpi::rank() + 2);
      for (int& value : part) value *= 2;
      CHECK(mpi::gather(std::span<const int>(part), std::span(all), root).has_value());
      for (std::size_t i = 0; i < all.size(); ++i) CHECK_EQ(all[i], 2 * static_cast<int>(i));
    }
    const double mine = mpi::rank() * 0.5;
    double most = -1;
    CHECK(mpi::allreduce(std::span(&mine, 1), std::span(&most, 1), [](double a, double b) {
            return std::max(a, b);
          }).has_value());
    CHECK_EQ(most, (size - 1) * 0.5);
  });
}

TEST_CASE("nobody leaves a barrier before all have come") {
  std::atomic<int> come = 0;
  mpi::run([&] {
    for (int round = 1; round <= 50; ++round) {
      ++come;
      CHECK(mpi::barrier().has_value());
      CHECK_GE(come, round * mpi::size());
      CHECK(mpi::barrier().has_value());
    }
  });
}

TEST_CASE("what is wrong is an error, not a wait") {
  int value = 0;
  CHECK_EQ(mpi::send(value, 0).error(), Error::communicator);
  CHECK_EQ(mpi::barrier().error(), Error::communicator);
  mpi::run([] {
    int one = 0;
    CHECK_EQ(mpi::send(one, mpi::size()).error(), Error::rank);
    CHECK_EQ(mpi::send(one, -1).error(), Error::rank);
    CHECK_EQ(mpi::send(one, 0, -1).error(), Error::tag);
    CHECK_EQ(mpi::recv(one, mpi::size()).error(), Error::rank);
    CHECK_EQ(mpi::recv(one, mpi::rank()).error(), Error::ended);  // what one did not send oneself never comes
    CHECK_EQ(mpi::bcast(std::span(&one, 1), -1).error(), Error::root);
    const int here = mpi::rank();
    const std::array three{1, 2, 3};
    CHECK(mpi::send(std::span(three), here).has_value());
    CHECK_EQ(mpi::recv(one, here).error(), Error::truncate);
  });
  mpi::run([] {
    int one = 0;
    if (mpi::rank() != mpi::size() - 1) return;
    for (int i = 1; i < 3; ++i) CHECK_EQ(mpi::recv(one).error(), Error::ended);
    if (mpi::size() > 1) CHECK_EQ(mpi::barrier().error(), Error::ended);
  });
}

TEST_CASE("what a rank throws arrives, and the others end") {
  CHECK_THROWS_AS(mpi::run([] {
                    if (mpi::rank() == 0) throw std::runtime_error("rank 0");
                    int one = 0;
                    CHECK_EQ(mpi::recv(one, 0).error(), Error::ended);
                  }),
                  std::runtime_error);
}

}  // namespace
