// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins Helm, which renders the chart where it is compared with the manifests.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
