"""Local servers that speak the three vendors' HTTP APIs.

Written from the vendors' published references, never from our adapters. Must not import anything of ours outside this
package, so that a mistake of an adapter cannot be mirrored by the server it is tested against.
"""
