// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins KWOK, which plays the nodes of the end-to-end run.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
