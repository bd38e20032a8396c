package openclone

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildPlugin builds the README's plugin in a module of its own that replaces the SDK by this directory.
func buildPlugin(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.go", []byte(readmePlugin(t)))
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write("go.sum", sums)
	const module = "github.com/PixxzR/openclone/clients/go"
	for _, arguments := range [][]string{
		{"mod", "init", "my-plugin"},
		{"mod", "edit", "-require", module + "@v0.0.0", "-replace", module + "=" + here},
		// What the SDK needs has been fetched for this test already.
		{"build", "-mod=mod", "-o", "plugin", "."},
	} {
		command := exec.Command("go", arguments...)
		command.Dir, command.Env = dir, append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOWORK=off")
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", arguments, err, output)
		}
	}
	return filepath.Join(dir, "plugin")
}

func readmePlugin(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, hasStart := strings.Cut(string(readme), "```go\n")
	plugin, _, hasEnd := strings.Cut(after, "```\n")
	if !hasStart || !hasEnd || strings.Count(plugin, "\n") > 36 {
		t.Fatal("README.md has no plugin of about 30 lines")
	}
	return plugin
}

// start runs the plugin against a service.
func start(t *testing.T, program, endpoint, state string) (*exec.Cmd, io.WriteCloser, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, program)
	command.Env = append(os.Environ(), "OPENCLONE_ENDPOINT="+endpoint, "OPENCLONE_API_KEY="+testKey, "OPENCLONE_STATE="+state)
	logged := &bytes.Buffer{}
	command.Stderr = logged
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, input, logged
}

func TestTheREADMEsPluginWorksFromAModuleOfItsOwn(t *testing.T) {
	program, remote, state := buildPlugin(t), serve(t), t.TempDir()

	command, input, logged := start(t, program, remote.url, state)
	_, _ = io.WriteString(input, "one\ntwo\nthree\n")
	_ = input.Close()
	if err := command.Wait(); err != nil || remote.received() != 3 || !strings.Contains(logged.String(), "Stored:3") {
		t.Errorf("%v, %d received, %s", err, remote.received(), logged)
	}

	if runtime.GOOS == "windows" {
		return
	}
	command, input, logged = start(t, program, remote.url, state)
	_, _ = io.WriteString(input, "four\nfive\n")
	segments := filepath.Join(state, "spool", "*.seg")
	for deadline := time.Now().Add(20 * time.Second); spooled(segments) < 2 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	_ = command.Wait()
	status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGTERM || remote.received() != 5 {
		t.Errorf("%v, %d received, %s", command.ProcessState, remote.received(), logged)
	}
}

// spooled counts the frames of events, which have a text of four letters each.
func spooled(pattern string) int {
	paths, _ := filepath.Glob(pattern)
	count := 0
	for _, path := range paths {
		data, _ := os.ReadFile(path)
		count += bytes.Count(data, []byte("four")) + bytes.Count(data, []byte("five"))
	}
	return count
}
