// A Node application behind outpour, with @fanoutio/grip as it is written for Pushpin.
const http = require("http");
const {
    Publisher, GripInstruct, WebSocketMessageFormat, isNodeReqWsOverHttp, getWebSocketContextFromNodeReq, encodeWebSocketEvents,
} = require("@fanoutio/grip");

const publisher = new Publisher(process.env.GRIP_URL);

async function socket(request, response) {
    const client = await getWebSocketContextFromNodeReq(request);
    if (client.isOpening()) {
        client.accept();
        client.subscribe("room");
    }
    while (client.canRecv()) {
        const text = client.recv();
        if (text === null) {
            client.close();
            break;
        }
        await publisher.publishFormats("room", new WebSocketMessageFormat(`node: ${text}`));
    }
    response.writeHead(200, client.toHeaders());
    response.end(encodeWebSocketEvents(client.getOutgoingEvents()));
}

async function answer(request, response) {
    const { isProxied, isSigned } = await publisher.validateGripSig(request.headers["grip-sig"]);
    if (isNodeReqWsOverHttp(request)) {
        return socket(request, response);
    }
    if (request.url === "/facts") {
        return response.end(`proxied ${isProxied} signed ${isSigned}\n`);
    }
    if (request.url === "/tell") {
        await publisher.publishHttpStream("news", "stream told\n");
        await publisher.publishHttpResponse("news", "response told\n");
        return response.end("told\n");
    }
    const instruct = new GripInstruct("news");
    if (request.url === "/stream") {
        instruct.setHoldStream();
        instruct.setKeepAlive("beat\n", 1);
    } else {
        instruct.setHoldLongPoll(5);
        instruct.setStatus(203);
    }
    response.writeHead(200, { "Content-Type": "text/plain", ...instruct.toHeaders() });
    response.end("begin\n");
}

http.createServer((request, response) => {
    answer(request, response).catch((error) => {
        response.statusCode = 500;
        response.end(String(error && error.stack));
    });
}).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listens"));
