from llm_stack.stack import create_stack

create_stack()
