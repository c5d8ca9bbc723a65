//! Runs bound queries of the hunting language on DataFusion and on the exposure graph, within budgets.
