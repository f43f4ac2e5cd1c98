"""One benchmark a module: TITLE, ABOUT, and groups(bench), which yields Groups of turns [toro_bench/model.py]."""
