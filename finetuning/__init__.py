"""Tools that make the model better: collect rows, filter them, train an adapter, export it, and see whether it wins.

``python -m finetuning --help`` lists the commands in the order of their use; README.md beside this file explains them.
"""
