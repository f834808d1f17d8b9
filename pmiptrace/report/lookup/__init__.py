"""The tables behind the decoder, for looking up: options, messages, codes, states, and fields.

Each has what an entry of it is, what finds some, and what writes them for people. All of it is
read off the declarations; nothing is written down a second time.
"""
