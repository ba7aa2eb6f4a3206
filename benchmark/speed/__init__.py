"""How fast each model trains and predicts here, against a bare PyTorch loop and the machine.

Competitors  bare     the plain network in a loop as anyone would write it: DataLoader, Adam
             harness  the plain network in this suite's loop: the difference is the suite's cost
             product  what `run` does: fused layers where the model has them
Method       random data of the paper's shapes, one thread, all competitors in turns, the median
             over rounds of each round's ratio; memory in a fresh process each
"""
