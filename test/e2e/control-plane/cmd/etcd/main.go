// SPDX-License-Identifier: Apache-2.0

// Command etcd starts the etcd server that the control plane's own module pins.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
