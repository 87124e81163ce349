// SPDX-License-Identifier: Apache-2.0

// Command go-client sends bursts of requests as the API server does to a webhook: through Go's own
// HTTP transport, which opens a connection for each request that finds none idle, sends it on
// whichever is free sooner, and keeps 25. Server certificates are not looked at: both ends are of
// one benchmark. Writes one line of JSON.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// idleConnections is what client-go's transports keep for each host.
const idleConnections = 25

// report says what came of the bursts; times are in milliseconds.
type report struct {
	Completed       int     `json:"completed"`
	Failed          int     `json:"failed"`
	Dialled         int64   `json:"dialled"`
	CPUMicroseconds int64   `json:"cpuMicroseconds"`
	P50             float64 `json:"p50Milliseconds"`
	P99             float64 `json:"p99Milliseconds"`
	// BurstMean is the mean time from the begin of a burst to its last answer.
	BurstMean float64 `json:"burstMilliseconds"`
}

func main() {
	url := flag.String("url", "", "where the requests go")
	file := flag.String("body", "", "file with the body of each request")
	size := flag.Int("size", 250, "requests of a burst")
	bursts := flag.Int("bursts", 3, "how many bursts")
	pause := flag.Duration("pause", 300*time.Millisecond, "from the end of a burst to the next")
	flag.Parse()
	if err := run(*url, *file, *size, *bursts, *pause); err != nil {
		fmt.Fprintln(os.Stderr, "go-client:", err)
		os.Exit(1)
	}
}

func run(url, file string, size, bursts int, pause time.Duration) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	client := newClient()
	var said report
	var latencies []float64
	for range bursts {
		begun := time.Now()
		for _, milliseconds := range client.burst(url, body, size) {
			if milliseconds < 0 {
				said.Failed++
			} else {
				latencies = append(latencies, milliseconds)
			}
		}
		said.BurstMean += millisecondsSince(begun) / float64(bursts)
		time.Sleep(pause)
	}
	if len(latencies) == 0 {
		return errors.New("no request was answered")
	}
	slices.Sort(latencies)
	said.Completed = len(latencies)
	said.Dialled = client.dialled.Load()
	said.P50 = latencies[len(latencies)/2]
	said.P99 = latencies[len(latencies)*99/100]
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	said.CPUMicroseconds = (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
	return json.NewEncoder(os.Stdout).Encode(said)
}

// client is an HTTP client that counts its connections.
type client struct {
	http.Client
	dialled atomic.Int64
}

func newClient() *client {
	made := &client{}
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	made.Timeout = 30 * time.Second
	made.Transport = &http.Transport{
		TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}},
		MaxIdleConnsPerHost: idleConnections,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			made.dialled.Add(1)
			return dialer.DialContext(ctx, network, address)
		},
	}
	return made
}

// burst sends all at once and returns how long each took, -1 for one that failed.
func (c *client) burst(url string, body []byte, size int) []float64 {
	took := make([]float64, size)
	var all sync.WaitGroup
	for index := range took {
		all.Go(func() {
			begun := time.Now()
			took[index] = -1
			response, err := c.Post(url, "application/json", bytes.NewReader(body))
			if err != nil {
				fmt.Fprintln(os.Stderr, "go-client:", err)
				return
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err == nil && response.StatusCode == http.StatusOK {
				took[index] = millisecondsSince(begun)
			}
		})
	}
	all.Wait()
	return took
}

func millisecondsSince(begun time.Time) float64 {
	return float64(time.Since(begun).Microseconds()) / 1000
}
