// Uploads one picture, waits until the server has verified it, lists pictures, and branches on an error's code.
//
//	buf generate ../../../shared/contracts/proto && go mod tidy
//	PLATEMARK_URL=127.0.0.1:4410 PLATEMARK_TOKEN=… go run . PICTURE.jpg
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "example.com/platemark/gen/platemark/v1"
)

func main() {
	if err := upload(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func upload(path string) error {
	conn, err := grpc.NewClient(address(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	if err != nil {
		return err
	}
	defer conn.Close()
	uploads, media := pb.NewUploadServiceClient(conn), pb.NewMediaServiceClient(conn)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv("PLATEMARK_TOKEN"))

	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(content)
	trace := make([]byte, 16)
	rand.Read(trace)
	picture := &pb.NewUpload{
		FileName:    filepath.Base(path),
		Size:        uint64(len(content)),
		ContentType: "image/jpeg",
		Sha256:      hex.EncodeToString(digest[:]),
		TraceId:     hex.EncodeToString(trace),
	}

	// 1. Announce it. The answer says how to send it; Already means that the store holds these bytes.
	created, err := uploads.CreateUploads(ctx, &pb.CreateUploadsRequest{Items: []*pb.NewUpload{picture}})
	if err != nil {
		return err
	}
	ticket := created.Items[0]
	fmt.Println("announced", ticket.ObjectKey)
	if put := ticket.GetPut(); put != nil {
		// 2. Send it straight to the object store, with exactly these headers.
		if err := send(ctx, put, content); err != nil {
			return err
		}
		// 3. Have it verified and marked.
		completion := &pb.UploadCompletion{MediaId: ticket.MediaId}
		completed, err := uploads.CompleteUploads(ctx, &pb.CompleteUploadsRequest{Items: []*pb.UploadCompletion{completion}})
		if err != nil {
			return err
		}
		if failure := completed.Items[0].GetError(); failure != nil {
			return fmt.Errorf("%s: %s", failure.Code, failure.Message)
		}
	} else if ticket.GetAlready() == nil {
		return fmt.Errorf("this example cannot send it: %v", ticket)
	}

	// 4. Follow it, here until it is uploaded; later changes say that it is marked.
	state, err := settled(ctx, media, ticket.MediaId)
	if err != nil {
		return err
	}
	fmt.Println("state", strings.ToLower(strings.TrimPrefix(state.String(), "MEDIA_STATE_")))
	listed, err := media.ListMedia(ctx, &pb.ListMediaRequest{PageSize: 10})
	if err != nil {
		return err
	}
	fmt.Println("pictures", len(listed.Items))

	// 5. Errors: branch on the code, never on the text.
	_, err = media.SignDownload(ctx, &pb.SignDownloadRequest{MediaId: "nobody's"})
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*pb.ErrorInfo); ok {
			fmt.Printf("refused %s, retry %s\n", info.Code, info.Retry)
		}
	}
	return nil
}

func send(ctx context.Context, put *pb.SinglePut, content []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, put.Url, bytes.NewReader(content))
	if err != nil {
		return err
	}
	for name, value := range put.Headers {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the store answered %s", answer.Status)
	}
	return nil
}

// Cancelling the context takes the stream back.
func settled(ctx context.Context, media pb.MediaServiceClient, id string) (pb.MediaState, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := media.WatchMedia(ctx, &pb.WatchMediaRequest{})
	if err != nil {
		return 0, err
	}
	for {
		change, err := changes.Recv()
		if err != nil {
			return 0, err
		}
		for _, item := range change.Items {
			switch item.State {
			case pb.MediaState_MEDIA_STATE_UPLOADED, pb.MediaState_MEDIA_STATE_MARKED, pb.MediaState_MEDIA_STATE_FAILED:
				if item.Id == id {
					return item.State, nil
				}
			}
		}
	}
}

func address() string {
	if url := os.Getenv("PLATEMARK_URL"); url != "" {
		return url
	}
	return "127.0.0.1:4410"
}
