// The start of every page. Each module makes something quicker that already works without it.
