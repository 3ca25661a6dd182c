// SPDX-License-Identifier: Apache-2.0
// Nothing: the target that tests take their precompiled headers from needs a source.
