// Entropy devices: drivers of a board that are linked into images that ask for random numbers.
#pragma once

/// Of the board's drivers, or of none (no_entropy.cpp); what asks for random numbers refers to it.
extern "C" const char toro_entropy_drivers_of_board;

/// In a file of a board that names its drivers of entropy devices, and nothing else.
#define TORO_ENTROPY_DRIVERS_OF_BOARD() extern "C" constexpr char toro_entropy_drivers_of_board = 0
