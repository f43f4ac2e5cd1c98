// Something to stand in with a debugger: functions that call each other, a struct, a loop, a global to watch.
#include <chrono>
#include <cstdlib>
#include <print>
#include <string>
#include <thread>
#include <vector>

struct Account {
  std::string owner;
  int balance = 0;
};

int transfers = 0;  // a watchpoint stops at each change: watch transfers

static void transfer(Account& from, Account& to, int amount) {
  from.balance -= amount;
  to.balance += amount;
  ++transfers;
}

static int total(const std::vector<Account>& accounts) {
  int sum = 0;
  for (const Account& account : accounts) sum += account.balance;
  return sum;
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 3;
  std::vector<Account> accounts{{"Ada", 100}, {"Grace", 50}, {"Barbara", 0}};
  std::println("{} accounts hold {}", accounts.size(), total(accounts));

  for (int round = 1; round <= rounds; ++round) {
    transfer(accounts[0], accounts[2], 10 * round);
    std::println("round {}: {} has {}, {} has {}", round, accounts[0].owner, accounts[0].balance, accounts[2].owner,
                 accounts[2].balance);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  std::println("{} transfers, {} in all", transfers, total(accounts));
  return 0;
}
