"""Expressions: text to syntax tree to compiled closure.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""
