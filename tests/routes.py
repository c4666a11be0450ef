"""The rules of addresses, read once for all applications of a run."""

from werkzeug.routing import Rule

READ = ("_parts", "_trace", "_converters", "_build", "_build_unknown", "arguments")
"""What Werkzeug's `Rule.compile` makes of a rule's text."""


def compile_once():
    """Let an application that has the same rules as one before take over what was made of them.

    Each has some 175, and to read them was half of making one. The map a rule is bound to only
    matters by its settings, which no application of ours changes.
    """
    Rule.compile = _remembering(Rule.compile)


def _remembering(compile_rule):
    known = {}

    def compiled(rule):
        key = rule.rule, rule.host, rule.subdomain, rule.merge_slashes, str(rule.defaults)
        if key not in known:
            compile_rule(rule)
            known[key] = rule
        first = known[key]
        for name in READ:
            setattr(rule, name, getattr(first, name))

    return compiled
