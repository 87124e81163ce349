// SPDX-License-Identifier: Apache-2.0

// Command controller-runtime is the Go side of the admission benchmark: a mutating webhook as
// controller-runtime's own examples write one. The Pod is decoded into its type, a node affinity
// term and a few annotations are added, and the patch is what PatchResponseFromRaw finds by
// comparing the JSON before and after. It serves the certificate that it is given and tells its
// CPU time on request.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// annotations are as many and as long as those of a Perihelion decision.
var annotations = map[string]string{
	"perihelion.dev/decision-id":   "00000000-0000-4000-8000-000000000000",
	"perihelion.dev/decided-at":    "1700000000000",
	"perihelion.dev/workload":      "Deployment/frontend",
	"perihelion.dev/tier":          "business",
	"perihelion.dev/state":         "load=normal",
	"perihelion.dev/action":        "node-00001",
	"perihelion.dev/propensity":    "0.9523809523809523",
	"perihelion.dev/holdout":       "false",
	"perihelion.dev/policy":        "default@1",
	"perihelion.dev/model-version": "7",
	"perihelion.dev/signature":     "0123456789012345678901234567890123456789012",
}

type placer struct {
	decoder admission.Decoder
}

func (p *placer) Handle(_ context.Context, req admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := p.decoder.Decode(req, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.NodeAffinity == nil {
		pod.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	node := pod.Spec.Affinity.NodeAffinity
	node.PreferredDuringSchedulingIgnoredDuringExecution = append(
		node.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.PreferredSchedulingTerm{
			Weight: 100,
			Preference: corev1.NodeSelectorTerm{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key:      corev1.LabelHostname,
					Operator: corev1.NodeSelectorOpIn,
					Values:   []string{"node-00001"},
				}},
			},
		})
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	for key, value := range annotations {
		pod.Annotations[key] = value
	}
	changed, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(req.Object.Raw, changed)
}

func main() {
	certificate := flag.String("cert", "", "certificate, PEM")
	key := flag.String("key", "", "private key, PEM")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))

	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	hook := &admission.Webhook{Handler: &placer{decoder: admission.NewDecoder(scheme)}}
	mux := http.NewServeMux()
	mux.Handle("/mutate", hook)

	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	control, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		must(http.Serve(control, http.HandlerFunc(usage)))
	}()
	fmt.Printf("{\"port\":%d,\"control\":%d}\n", portOf(listener), portOf(control))
	os.Stdout.Sync()
	server := &http.Server{
		Handler:   mux,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12},
	}
	must(server.ServeTLS(listener, "", ""))
}

// usage answers with the CPU time of the process so far, user and system, in microseconds.
func usage(w http.ResponseWriter, _ *http.Request) {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	micros := func(t syscall.Timeval) int64 { return t.Sec*1e6 + int64(t.Usec) }
	fmt.Fprintf(w, "{\"cpuMicroseconds\":%d}", micros(used.Utime)+micros(used.Stime))
}

func portOf(listener net.Listener) int {
	return listener.Addr().(*net.TCPAddr).Port
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
