# SPDX-License-Identifier: Apache-2.0
"""Prompt learning in the shape of the published implementations, to measure and check mao against. Needs PyTorch."""
