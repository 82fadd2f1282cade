"""The consumers of Channels' tutorial and of its documentation, as they stand there."""

import json

from asgiref.sync import async_to_sync
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    WebsocketConsumer,
)


class ChatConsumer(WebsocketConsumer):
    def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"

        # Join room group
        async_to_sync(self.channel_layer.group_add)(self.room_group_name, self.channel_name)

        self.accept()

    def disconnect(self, close_code):
        # Leave room group
        async_to_sync(self.channel_layer.group_discard)(self.room_group_name, self.channel_name)

    # Receive message from WebSocket
    def receive(self, text_data):
        text_data_json = json.loads(text_data)
        message = text_data_json["message"]

        # Send message to room group
        async_to_sync(self.channel_layer.group_send)(
            self.room_group_name, {"type": "chat.message", "message": message}
        )

    # Receive message from room group
    def chat_message(self, event):
        message = event["message"]

        # Send message to WebSocket
        self.send(text_data=json.dumps({"message": message}))


class AsyncChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"

        # Join room group
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)

        await self.accept()

    async def disconnect(self, close_code):
        # Leave room group
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    # Receive message from WebSocket
    async def receive(self, text_data):
        text_data_json = json.loads(text_data)
        message = text_data_json["message"]

        # Send message to room group
        await self.channel_layer.group_send(
            self.room_group_name, {"type": "chat.message", "message": message}
        )

    # Receive message from room group
    async def chat_message(self, event):
        message = event["message"]

        # Send message to WebSocket
        await self.send(text_data=json.dumps({"message": message}))


class OperatorConsumer(AsyncJsonWebsocketConsumer):
    """Sends to single channels, closes with codes of its own, subprotocols, bytes."""

    groups = ["operators"]

    async def connect(self):
        if "refused" in self.scope["query_string"].decode():
            await self.close()
            return
        await self.accept(subprotocol=(self.scope["subprotocols"] or [None])[0])
        await self.send_json({"channel": self.channel_name})

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        if bytes_data is not None:
            await self.send(bytes_data=bytes_data[::-1])
        else:
            await super().receive(text_data=text_data, **kwargs)

    async def receive_json(self, content):
        match content:
            case {"close": code}:
                await self.close(code)
            case {"fail": _}:
                raise ZeroDivisionError
            case {"to": channel, "text": text}:
                await self.channel_layer.send(channel, {"type": "operator.told", "text": text})

    async def operator_told(self, event):
        event["seen"] = True
        await self.send_json(event)
