// Builds folders with kustomize's own library, many in one process: a line of input names a folder, the answer is a line
// `ok|error|panic BYTES` and as many bytes. A process per build costs fifty times what the build does.
//
// Built with: go build -ldflags "-X sigs.k8s.io/kustomize/api/provenance.version=v5.7.1" -o oracle .
//
// Never: an opinion; what is compared and how is the caller's.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		what, text := build(strings.TrimSuffix(line, "\n"))
		fmt.Fprintf(out, "%s %d\n%s", what, len(text), text)
		out.Flush()
	}
}

// As the command `kustomize build FOLDER` does, which is a process that saw no other build.
func build(folder string) (what, text string) {
	defer func() {
		if reason := recover(); reason != nil {
			what, text = "panic", fmt.Sprint(reason)
		}
		// A build with a schema of its own leaves it behind.
		if schema := openapi.GetSchemaVersion(); schema != first {
			openapi.ResetOpenAPI()
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	objects, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return "error", err.Error()
	}
	yaml, err := objects.AsYaml()
	if err != nil {
		return "error", err.Error()
	}
	return "ok", string(yaml)
}

var first = openapi.GetSchemaVersion()
